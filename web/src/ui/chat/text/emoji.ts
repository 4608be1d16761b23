// Messages that are nothing but a few emoji: they are shown large.

const ONE =
  '(?:\\p{RI}\\p{RI}|[0-9#*]\\uFE0F?\\u20E3|(?:(?!\\p{RI})\\p{Emoji_Presentation}|\\p{Extended_Pictographic}\\uFE0F)(?:\\p{EMod}|[\\u{E0020}-\\u{E007F}]+)?|\\p{Extended_Pictographic}(?:\\p{EMod}|\\uFE0F)?(?=\\u200D)|\\p{Extended_Pictographic}\\p{EMod})'
const EMOJI = new RegExp(`^(?:\\s*${ONE}(?:\\u200D\\p{Extended_Pictographic}(?:\\p{EMod}|\\uFE0F)?)*){1,3}\\s*$`, 'u')

/** At most three emoji, and nothing else. */
export const isEmojiOnly = (text: string): boolean => text.length <= 64 && EMOJI.test(text)
