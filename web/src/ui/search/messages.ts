// Messages that are found on the server while one types: a page, and the next one.
import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import { LIMITS, Refusal } from '../../client'
import type { FoundMessage } from '../../model'
import type { ConversationKey } from '../../model/key'
import { explain } from '../i18n'
import { useModel } from '../model'

/** Quiet after the last key before the server is asked, in ms. */
const QUIET = 200
/** The server may pause with an empty page; it is asked on so often before the reader has to. */
const EMPTY_PAGES = 5

export const useMessageSearch = (query: () => string, where: () => ConversationKey | undefined = () => undefined) => {
  const model = useModel()
  const found = shallowRef<readonly FoundMessage[]>([])
  const next = ref<string>()
  const busy = ref(false)
  const failure = ref<string>()
  let round = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const fetch = async (mine: number, before?: string): Promise<void> => {
    const text = Array.from(query().trim()).slice(0, LIMITS.query.max).join('')
    const key = where()
    busy.value = true
    failure.value = undefined
    try {
      let from = before
      for (let page = 0; page < EMPTY_PAGES; page++) {
        const answer = await model.search.messages(text, {
          ...(key === undefined ? {} : { key }),
          ...(from === undefined ? {} : { before: from }),
        })
        if (mine !== round) return
        found.value = before === undefined && page === 0 ? answer.list : [...found.value, ...answer.list]
        next.value = answer.next
        from = answer.next
        if (answer.list.length > 0 || from === undefined) break
      }
    } catch (error) {
      if (mine !== round) return
      if (before === undefined) found.value = []
      // Punctuation alone is nothing to look for: nothing is found, and nothing is wrong.
      if (!(error instanceof Refusal && error.code === '9997')) failure.value = explain(error)
    } finally {
      if (mine === round) busy.value = false
    }
  }

  const begin = (): void => {
    const mine = ++round
    clearTimeout(timer)
    next.value = undefined
    failure.value = undefined
    busy.value = query().trim() !== ''
    if (!busy.value) found.value = []
    else timer = setTimeout(() => void fetch(mine), QUIET)
  }
  watch([() => query().trim(), where], begin, { immediate: true })
  onScopeDispose(() => {
    round++
    clearTimeout(timer)
  })

  return {
    found,
    next,
    busy,
    failure,
    /** Goes on where it failed. */
    again: (): void => void fetch(++round, next.value),
    more: (): void => {
      if (!busy.value && next.value !== undefined) void fetch(++round, next.value)
    },
  }
}
