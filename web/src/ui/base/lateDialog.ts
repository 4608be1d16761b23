// Dialogs whose program comes when they are first opened.
import { defineComponent, h, shallowRef, watch, type Component } from 'vue'

/**
 * The dialog that `load` fetches, to be used as if it were there (`v-model:open`, its props and slots): nothing is fetched before it is
 * first open, and from then on it stays, for its way out. If it does not come it is closed again, so that one can ask for it again.
 */
export const lateDialog = <T extends Component>(load: () => Promise<{ default: T }>): T => {
  const late = defineComponent({
    inheritAttrs: false,
    props: { open: Boolean },
    emits: ['update:open'],
    setup(props, { attrs, slots, emit }) {
      const dialog = shallowRef<T>()
      const fetch = async (open: boolean): Promise<void> => {
        if (!open || dialog.value) return
        try {
          dialog.value = (await load()).default
        } catch {
          emit('update:open', false)
        }
      }
      watch(() => props.open, fetch, { immediate: true })
      const tell = (open: boolean): void => emit('update:open', open)
      return () => dialog.value && h(dialog.value, { ...attrs, 'open': props.open, 'onUpdate:open': tell }, slots)
    },
  })
  // It hands everything on: to those who use it, it is that dialog.
  return late as unknown as T
}
