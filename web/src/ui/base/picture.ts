// Whether a picture can be shown: one that did not come is asked for once more when the server is back.
import { computed, shallowRef, type ComputedRef } from 'vue'

/** How often pictures were worth another try. */
const tries = shallowRef(0)
export const tryPicturesAgain = (): void => void tries.value++

/** `address`: of what is shown now. An element that reports an error calls `fail`, and is drawn anew when `failed` is false again. */
export const usePicture = (address: () => string | undefined): { failed: ComputedRef<boolean>; fail: () => void } => {
  const failure = shallowRef<{ address: string | undefined; tries: number }>()
  return {
    failed: computed(() => failure.value !== undefined && failure.value.tries === tries.value && failure.value.address === address()),
    fail: () => (failure.value = { address: address(), tries: tries.value }),
  }
}
