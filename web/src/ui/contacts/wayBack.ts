// Where "back" leads from a view that is reached from several places.
import { computed, ref, watch, type ComputedRef } from 'vue'
import { useRoute } from 'vue-router'

/** The address before this one, where that is one of the lists or a conversation; otherwise the contacts. */
export const useWayBack = (): { back: ComputedRef<string>; fromChat: ComputedRef<boolean> } => {
  const route = useRoute()
  const before = ref('')
  watch(
    () => route.fullPath,
    () => {
      const state: unknown = window.history.state
      const at: unknown = typeof state === 'object' && state !== null ? Reflect.get(state, 'back') : undefined
      before.value = typeof at === 'string' && /^\/(chat|contacts)\b/.test(at) ? at : '/contacts'
    },
    { immediate: true, flush: 'post' },
  )
  return { back: computed(() => before.value || '/contacts'), fromChat: computed(() => before.value.startsWith('/chat')) }
}
