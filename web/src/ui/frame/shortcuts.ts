// Keys that work everywhere in the frame: Ctrl/Cmd+K to search, Alt+↑/↓ through the conversations.
import { nextTick, onBeforeUnmount, onMounted } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { useModel } from '../model'
import { isPhone } from './phone'

let focusSearch: (() => void) | undefined

/** The view that has the search field says how to go there. */
export const useSearchShortcut = (focus: () => void): void => {
  onMounted(() => (focusSearch = focus))
  onBeforeUnmount(() => {
    if (focusSearch === focus) focusSearch = undefined
  })
}

/** A dialog or a menu is open: the keys are its own. */
const covered = (): boolean => document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]') !== null

/** Listens while the frame is there. */
export const useShortcuts = (): void => {
  const router = useRouter()
  const route = useRoute()
  const { conversations } = useModel()

  const search = async (): Promise<void> => {
    const covers = isPhone.value && route.meta.pane === 'main'
    if (route.meta.tab !== 'chat' || covers) {
      await router.push('/chat')
      await nextTick()
    }
    focusSearch?.()
  }

  const step = (by: 1 | -1): void => {
    const { list } = conversations
    const here = list.findIndex((conversation) => conversation.key === route.params.key)
    const next = list[here < 0 ? (by > 0 ? 0 : list.length - 1) : here + by]
    if (next) void router.push(`/chat/${next.key}`)
  }

  const pressed = (event: KeyboardEvent): void => {
    // Keys of an input method are not ours.
    if (event.isComposing || covered()) return
    const plain = !event.shiftKey && !event.altKey
    if ((event.ctrlKey !== event.metaKey) && plain && event.key.toLowerCase() === 'k') {
      event.preventDefault()
      void search()
    } else if (event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey && /^Arrow(Up|Down)$/.test(event.key)) {
      event.preventDefault()
      step(event.key === 'ArrowDown' ? 1 : -1)
    }
  }

  onMounted(() => window.addEventListener('keydown', pressed))
  onBeforeUnmount(() => window.removeEventListener('keydown', pressed))
}
