// What the protocol asks of accounts, as keys of the words that say so.
import { computed, ref } from 'vue'
import { isBlank } from '../base/text'

const bytes = (text: string): number => new TextEncoder().encode(text).length

export const usernameProblem = (username: string): string | undefined => {
  if (username === '') return 'frame.session.needUsername'
  return /^[a-zA-Z0-9_-]{4,16}$/.test(username) ? undefined : 'frame.session.badUsername'
}

export const passwordProblem = (password: string): string | undefined => {
  if (password === '') return 'frame.session.needPassword'
  if (bytes(password) < 6) return 'frame.session.shortPassword'
  return bytes(password) > 128 ? 'frame.session.longPassword' : undefined
}

export const nicknameProblem = (nickname: string): string | undefined => {
  if (isBlank(nickname)) return 'frame.session.needNickname'
  return Array.from(nickname).length > 64 ? 'frame.session.longNickname' : undefined
}

/** Goes along between logging in and registering. */
export const typedUsername = ref('')
/** As it is meant: a phone's keyboard puts a space behind what it completes. */
export const username = computed(() => typedUsername.value.trim())
