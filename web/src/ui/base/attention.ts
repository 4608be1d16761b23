// Whether the user looks at this tab.
import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue'

/** `beside`: the tab is in sight, but another window is used. */
export type Attention = 'here' | 'beside' | 'hidden'

const attentionNow = (): Attention => {
  if (document.hidden) return 'hidden'
  return document.hasFocus() ? 'here' : 'beside'
}
export const isAway = (): boolean => attentionNow() !== 'here'

export const useAttention = (): Readonly<Ref<Attention>> => {
  const attention = ref(attentionNow())
  const look = (): void => {
    attention.value = attentionNow()
  }
  onMounted(() => {
    document.addEventListener('visibilitychange', look)
    window.addEventListener('focus', look)
    window.addEventListener('blur', look)
  })
  onBeforeUnmount(() => {
    document.removeEventListener('visibilitychange', look)
    window.removeEventListener('focus', look)
    window.removeEventListener('blur', look)
  })
  return attention
}
