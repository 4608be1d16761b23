// When the reader comes: to the conversation, back to the page, back to a server that was away.
import { computed, nextTick, ref, watch, type ComputedRef, type Ref } from 'vue'
import type { Conversation, Timeline } from '../../model'
import { useAttention } from '../base/attention'
import { useModel } from '../model'

export const useComings = ({ timeline, conversation, enter, placed, settle, unreadThere, missed }: {
  timeline: Timeline
  conversation: Conversation
  enter: () => void
  placed: Readonly<Ref<boolean>>
  settle: () => Promise<void>
  unreadThere: () => boolean
  /** From this message on the reader was not there. `unseen`: they cannot have seen them come. */
  missed: (seq: number, unseen: boolean) => void
}): { seeing: ComputedRef<boolean> } => {
  const { connection } = useModel()
  const attention = useAttention()
  /** What is unread is known as the server has it. */
  const known = ref(connection.synced)
  /** The newest message when the reader last looked; undefined while they do. */
  let lastSeen: number | undefined
  /** What came since then cannot have been seen from beside the page either. */
  let unseen = false

  /** The server cannot be reached: what the browser kept is all there is. */
  const unreachable = (): boolean => connection.state === 'waiting'
  /** Where more is below than is shown, what is shown of it later is not what came meanwhile. */
  const newest = (): number => (timeline.atEnd ? (timeline.messages.findLast(({ seq }) => seq !== undefined)?.seq ?? 0) : Infinity)
  const present = (): boolean => attention.value === 'here' && connection.synced
  const quiet = (): Promise<void> =>
    new Promise((resolve) => {
      const stop = watch(
        () => timeline.loading !== 'first',
        (is) => {
          if (!is) return
          resolve()
          void nextTick(() => stop())
        },
        { immediate: true, flush: 'post' },
      )
    })

  const arrive = async (): Promise<void> => {
    // What is unread may be behind what the browser had kept of the conversation.
    enter()
    await quiet()
    known.value = true
    if (placed.value && unreadThere()) await settle()
  }
  const returned = async (): Promise<void> => {
    const seen = lastSeen
    await quiet()
    await nextTick()
    lastSeen = undefined
    const first = timeline.messages.find((message) => !message.mine && (message.seq ?? 0) > (seen ?? 0))
    if (placed.value && seen !== undefined && first?.seq !== undefined) missed(first.seq, unseen)
    unseen = false
    seeingNow.value = present()
  }
  /** After it was shown what was missed: the end is followed only then. */
  const seeingNow = ref(present())
  watch([attention, () => connection.synced], () => {
    if (!present()) {
      seeingNow.value = false
      lastSeen ??= newest()
      unseen ||= attention.value === 'hidden' || !connection.synced
    } else if (known.value) void returned()
    else void arrive().then(() => (seeingNow.value = present()))
  })

  // What the browser kept is shown at once, if nothing new is known to hide behind it.
  const ready = computed(
    () =>
      ((known.value || unreachable() || timeline.failed) && timeline.loading !== 'first') ||
      (conversation.lastTime > 0 && timeline.messages.length > 0 && !unreadThere()),
  )
  const stopWaiting = watch(
    ready,
    (is) => {
      if (!is) return
      void nextTick(() => {
        stopWaiting()
        void settle()
      })
    },
    { immediate: true, flush: 'post' },
  )

  return { seeing: computed(() => known.value && seeingNow.value) }
}
