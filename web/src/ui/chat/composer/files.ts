// Files on their way into the composer: chosen, pasted, dropped; and what cannot be sent, said at once.
import { computed, onBeforeUnmount, watch, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { plainFileName } from '../../base/text'
import { useToast } from '../../base/toast'
import { explain, formatSize } from '../../i18n'
import { useModel } from '../../model'
import type { Chat } from '../context'
import { attach, attachmentsOf, MOST, review, type Attachment } from './attachments'

export interface Files {
  list: Attachment[]
  /** Where nothing is kept there are no files. */
  allowed: ComputedRef<boolean>
  add: (files: readonly File[]) => void
  /** From the clipboard; false: there is something else in it. */
  paste: (event: ClipboardEvent) => boolean
  chosen: (event: Event) => void
}

export const useFiles = ({ key }: Chat): Files => {
  const { t } = useI18n()
  const { server } = useModel()
  const toast = useToast()
  const list = attachmentsOf(key)
  const allowed = computed(() => server.limits?.keep !== 'none')
  let gone = false
  onBeforeUnmount(() => (gone = true))

  const refuse = (tooLarge: readonly File[]): void => {
    const most = formatSize(server.limits?.fileBytes ?? 0)
    const [first] = tooLarge
    if (first && tooLarge.length === 1) toast.error(t('chat.fileTooLarge', { name: `\u2068${plainFileName(first.name)}\u2069`, size: formatSize(first.size), most }))
    else if (first) toast.error(t('chat.filesTooLarge', { n: tooLarge.length, most }))
  }
  // On a first visit something may be chosen before the server has said what it takes.
  watch(
    () => server.limits,
    (limits) => refuse(review(list, limits ?? {})),
  )
  const add = (files: readonly File[]): void => {
    if (files.length === 0 || gone) return
    if (!allowed.value) return toast.error(explain('0306'))
    const { tooMany, tooLarge } = attach(list, files, server.limits ?? {})
    refuse(tooLarge)
    if (tooMany > 0) toast.info(t('chat.tooManyFiles', { n: MOST }))
  }

  return {
    list,
    allowed,
    add,
    paste: (event) => {
      const pasted = [...(event.clipboardData?.files ?? [])]
      // Tables bring a picture of themselves along with their text.
      if (pasted.length === 0 || event.clipboardData?.getData('text/plain').trim()) return false
      add(pasted)
      return true
    },
    chosen: (event) => {
      if (!(event.target instanceof HTMLInputElement)) return
      add([...(event.target.files ?? [])])
      event.target.value = ''
    },
  }
}
