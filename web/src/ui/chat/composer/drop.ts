// Files that are dragged over the conversation.
import { onBeforeUnmount, ref, type Ref } from 'vue'

export const useFileDrop = (take: (files: File[]) => void, may: () => boolean): { dragging: Ref<boolean>; handlers: Record<string, (event: DragEvent) => void> } => {
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
      // A folder comes as a file that cannot be read.
      const items = [...(event.dataTransfer?.items ?? [])].filter((item) => !item.webkitGetAsEntry()?.isDirectory)
      const files = items.flatMap((item) => item.getAsFile() ?? [])
      dragging.value = false
      if (files.length === 0) return
      event.preventDefault()
      if (may()) take(files)
    },
  }
  onBeforeUnmount(() => clearTimeout(leaving))
  return { dragging, handlers }
}
