// What is shown large.
import { expect, it } from 'vitest'
import { isEmojiOnly } from './emoji'

it('takes one to three emoji of every making', () => {
  for (const text of ['😀', '👍🏽', '❤️', '👨‍👩‍👧‍👦', '🇨🇳', '🏳️‍🌈', '1️⃣', '😀😀😀', ' 😀 ', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '👩🏽‍💻', '❤️‍🔥', '⌚']) {
    expect(isEmojiOnly(text), text).toBe(true)
  }
})

it('takes nothing else', () => {
  for (const text of ['', 'a', '1', '12#', '😀a', '©', '™', '😀😀😀😀', '好', '\u200d', '\uFE0F', '🇨']) {
    expect(isEmojiOnly(text), text).toBe(false)
  }
})
