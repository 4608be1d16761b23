// What emoji-picker-element leaves out of the keyboard's ways: arrow keys among the emoji, one Tab for all of them, input methods.
import { whenIdle } from '../../base/idle'

const EMOJI = '.emoji-menu > .emoji'

const isEmoji = (target: EventTarget | null | undefined): target is HTMLElement => target instanceof HTMLElement && target.matches(EMOJI)

/** How many stand in a row. */
const rowOf = (menu: Element): number => getComputedStyle(menu).gridTemplateColumns.split(' ').length

/** Tab comes to one of them; arrow keys to the others. */
const leaveOne = (list: Iterable<Element>, one: Element | undefined): void => {
  for (const element of list) if (element instanceof HTMLElement) element.tabIndex = element === one ? 0 : -1
}

/** The picker searches when the browser is idle, as this does after it: Enter takes what was found for all that was typed before. */
const afterSearch = (then: () => void): void => whenIdle(() => requestAnimationFrame(then))

/** For the shadow root of a picker. */
export const addKeys = (root: ShadowRoot, field: HTMLInputElement): void => {
  const focus = (selector: string): void => root.querySelector<HTMLElement>(selector)?.focus()

  const goFrom = (emoji: HTMLElement, key: string): boolean => {
    const menu = emoji.parentElement
    if (!menu) return false
    const row = rowOf(menu)
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: row, ArrowUp: -row }[key]
    if (step === undefined) return false
    const often = menu.matches('.favorites')
    const next = menu.children[[...menu.children].indexOf(emoji) + step]
    if (isEmoji(next)) next.focus()
    else if (key === 'ArrowDown' && !often) focus('.favorites > .emoji[tabindex="0"]')
    else if (key === 'ArrowUp' && often) focus('.tabpanel .emoji[tabindex="0"]')
    else if (key === 'ArrowUp') field.focus()
    return true
  }
  const goFromField = (key: string): boolean => {
    const searched = field.value.trim() !== ''
    if (key === 'Enter' && searched && !field.hasAttribute('aria-activedescendant')) afterSearch(() => root.querySelector<HTMLElement>('.tabpanel .emoji')?.click())
    else if (key === 'ArrowDown' && !searched) focus('.tabpanel .emoji[tabindex="0"]')
    else return false
    return true
  }
  const onKey = (event: Event): void => {
    if (!(event instanceof KeyboardEvent)) return
    const { target, key } = event
    // Which word is meant is still being chosen; that is nothing for the picker.
    const composing = event.isComposing || event.keyCode === 229
    const done = !composing && (target === field ? goFromField(key) : isEmoji(target) && goFrom(target, key))
    if (done) event.preventDefault()
    if (done || (composing && target === field)) event.stopPropagation()
  }
  // Before the picker itself sees it.
  root.addEventListener('keydown', onKey, { capture: true })

  root.addEventListener('focusin', ({ target }) => {
    if (isEmoji(target)) leaveOne(target.parentElement?.children ?? [], target)
  })
  const settle = (): void => {
    for (const menu of root.querySelectorAll('.emoji-menu')) leaveOne(menu.children, menu.children[0])
    const tabs = [...root.querySelectorAll('.nav-button')]
    leaveOne(tabs, tabs.find((tab) => tab.ariaSelected === 'true') ?? tabs[0])
  }
  settle()
  new MutationObserver(settle).observe(root, { childList: true, subtree: true, attributeFilter: ['aria-selected'] })
}
