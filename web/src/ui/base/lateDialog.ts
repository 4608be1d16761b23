// Dialogs whose program comes when they are first opened.
import { defineAsyncComponent, defineComponent, h, type Component } from 'vue'

/**
 * The dialog that `load` fetches, to be used as if it were there (`v-model:open`, its props and slots): nothing is fetched before it is
 * first open, and from then on it stays, for its way out.
 */
export const lateDialog = <T extends Component>(load: () => Promise<{ default: T }>): T => {
  const Dialog = defineAsyncComponent(load)
  const late = defineComponent({
    inheritAttrs: false,
    setup(_, { attrs, slots }) {
      let wanted = false
      return () => {
        wanted ||= attrs.open === true
        return wanted ? h(Dialog, attrs, slots) : undefined
      }
    },
  })
  // It hands everything on: to those who use it, it is that dialog.
  return late as unknown as T
}
