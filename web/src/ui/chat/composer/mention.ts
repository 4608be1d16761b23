// The list of names that "@" opens while one writes in a group.
import { computed, ref, type ComputedRef, type Ref } from 'vue'
import { isBlank, shownName } from '../../base/text'
import { useModel } from '../../model'
import type { Chat } from '../context'
import { ALL, matching, mentionsIn, namesAll, typedMention } from '../text/mentions'

export interface Candidate {
  userId: string
  /** As it is written after "@": a remark is the reader's secret. */
  name: string
  shown: string
  headImg: string
  all: boolean
  names: readonly string[]
}

const SHOWN = 8

export const useMentions = (chat: Chat, text: Ref<string>, allName: () => string): {
  candidates: ComputedRef<Candidate[]>
  chosen: Ref<number>
  /** The caret moved, or the text changed. */
  look: (caret: number | undefined) => void
  /** The text with that name in it, and where the caret goes. */
  written: (candidate: Candidate) => { text: string; caret: number }
  /** Whom the finished text names. */
  named: (text: string) => { mentions: string[]; mentionAll: boolean }
} => {
  const { groups, session } = useModel()
  const typed = ref<{ query: string; from: number; caret: number }>()
  const chosen = ref(0)
  const picked = new Map<string, string>()

  const everybody = (): Candidate => ({ userId: '@all', name: allName(), shown: allName(), headImg: '', all: true, names: [...ALL] })
  const mayNameAll = (): boolean => ['owner', 'admin'].includes(chat.role() ?? '')
  const people = computed<Candidate[]>(() =>
    chat.groupId === undefined
      ? []
      : groups.members(chat.groupId).flatMap((member) => {
          const name = shownName(member.memberNickname, member.nickname, member.username)
          const names = [member.remark, member.memberNickname, member.nickname, member.username].filter((part) => !isBlank(part))
          const one = { userId: member.userId, name, shown: shownName(member.remark, name), headImg: member.headImg, all: false, names }
          return member.userId === session.me?.id ? [] : one
        }),
  )
  const candidates = computed(() => {
    if (!typed.value || chat.groupId === undefined) return []
    const all = mayNameAll() ? [everybody(), ...people.value] : people.value
    return matching(all, typed.value.query).slice(0, SHOWN)
  })

  return {
    candidates,
    chosen,
    look: (caret) => {
      const now = caret === undefined || chat.groupId === undefined ? undefined : typedMention(text.value, caret)
      if (now?.query !== typed.value?.query) chosen.value = 0
      typed.value = now && { ...now, caret: caret ?? 0 }
    },
    written: ({ name, userId, all }) => {
      const { from, caret } = typed.value ?? { from: text.value.length, caret: text.value.length }
      if (!all) picked.set(name, userId)
      const before = `${text.value.slice(0, from)}@${name} `
      return { text: before + text.value.slice(caret).replace(/^ /, ''), caret: before.length }
    },
    named: (finished) => ({
      mentions: mentionsIn(finished, people.value, picked).slice(0, 50),
      mentionAll: mayNameAll() && namesAll(finished),
    }),
  }
}
