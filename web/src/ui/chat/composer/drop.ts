// Files that are dragged over the conversation.
import { onBeforeUnmount, ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useToast } from '../../base/toast'

export const useFileDrop = (take: (files: File[]) => void, may: () => boolean): { dragging: Ref<boolean>; handlers: Record<string, (event: DragEvent) => void> } => {
  const { t } = useI18n()
  const toast = useToast()
  const dragging = ref(false)
  let leaving: ReturnType<typeof setTimeout> | undefined

  const over = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes('Files')) return
    event.preventDefault()
    event.dataTransfer.dropEffect = may() ? 'copy' : 'none'
    clearTimeout(leaving)
    dragging.value = may()
  }
  const handlers = {
    dragenter: over,
    dragover: over,
    // It is told for every element that is left; only when none follows it was the last.
    dragleave: () => {
      clearTimeout(leaving)
      leaving = setTimeout(() => (dragging.value = false), 80)
    },
    drop: (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return
      // Whatever is in it: the browser would go away from the page to open it.
      event.preventDefault()
      dragging.value = false
      if (!may()) return
      const items = [...event.dataTransfer.items]
      // A folder comes as a file that cannot be read.
      const folders = items.filter((item) => item.webkitGetAsEntry()?.isDirectory)
      take(items.flatMap((item) => (folders.includes(item) ? [] : (item.getAsFile() ?? []))))
      if (folders.length > 0) toast.error(t('chat.noFolders'))
    },
  }
  onBeforeUnmount(() => clearTimeout(leaving))
  return { dragging, handlers }
}
