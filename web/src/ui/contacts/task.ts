// Something that the server is asked to do: one at a time, and a refusal is said in a toast.
import { ref } from 'vue'
import { useToast } from '../base/toast'

export const useTask = () => {
  const busy = ref(false)
  const toast = useToast()
  /** True: it was done. */
  const run = async (job: () => Promise<unknown>): Promise<boolean> => {
    if (busy.value) return false
    busy.value = true
    try {
      await job()
      return true
    } catch (error) {
      toast.error(error)
      return false
    } finally {
      busy.value = false
    }
  }
  return { busy, run }
}
