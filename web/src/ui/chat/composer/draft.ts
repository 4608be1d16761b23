// The text that is being written, kept with its conversation; another text for an old message is kept apart from it.
import { onBeforeUnmount, onMounted, ref, watch, type Ref } from 'vue'
import { useModel } from '../../model'
import type { Chat } from '../context'

/** How long a text may be written on before it is kept, in ms. */
const SOON = 250

export const useDraft = ({ key, conversation, intent }: Chat): { text: Ref<string>; flush: () => void } => {
  const { conversations, session } = useModel()
  const writer = session.me?.id
  /** What was being written before an old message was taken up. */
  let aside = conversation.draft
  const text = ref(intent.edit ? (intent.editText ?? intent.edit.msg) : conversation.draft)
  let timer: ReturnType<typeof setTimeout> | undefined

  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    // The field is still there for a moment when its writer has left: nothing of them stays.
    if (session.me?.id !== writer) return
    if (intent.edit) intent.editText = text.value
    else conversations.setDraft(key, text.value)
  }
  watch(text, () => {
    timer ??= setTimeout(flush, SOON)
  })
  watch(
    () => intent.edit,
    (edit, before) => {
      clearTimeout(timer)
      timer = undefined
      if (!before) aside = text.value
      text.value = edit ? edit.msg : aside
      intent.editText = undefined
      conversations.setDraft(key, aside)
    },
    // At once: what is typed next belongs to the other text.
    { flush: 'sync' },
  )
  // Another tab of this browser wrote on.
  watch(
    () => conversation.draft,
    (draft) => {
      if (timer !== undefined || draft === text.value) return
      if (intent.edit) aside = draft
      else if (!document.hasFocus()) text.value = draft
    },
  )

  const onHide = (): void => {
    if (document.visibilityState === 'hidden') flush()
  }
  onMounted(() => {
    document.addEventListener('visibilitychange', onHide)
    window.addEventListener('pagehide', flush)
  })
  onBeforeUnmount(() => {
    document.removeEventListener('visibilitychange', onHide)
    window.removeEventListener('pagehide', flush)
  })
  return { text, flush }
}
