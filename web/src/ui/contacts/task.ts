// Something that the server is asked to do: in the order in which it was asked for, and a refusal is said in a toast.
import { computed, ref } from 'vue'
import { useToast } from '../base/toast'

export const useTask = () => {
  const waiting = ref(0)
  const toast = useToast()
  let before: Promise<unknown> = Promise.resolve()

  const attempt = async (job: () => Promise<unknown>): Promise<boolean> => {
    try {
      await job()
      return true
    } catch (error) {
      toast.error(error)
      return false
    } finally {
      waiting.value--
    }
  }
  /** After what was asked for before it: the last word is the one that counts. True: it was done. */
  const run = (job: () => Promise<unknown>): Promise<boolean> => {
    waiting.value++
    const done = before.then(() => attempt(job))
    before = done
    return done
  }
  return { busy: computed(() => waiting.value > 0), run }
}
