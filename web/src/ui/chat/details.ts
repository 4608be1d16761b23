// Who or what a conversation is with, shown beside it where there is room for both.
import { readonly, ref } from 'vue'
import { keepPreference, readPreference } from '../preferences'

const query = matchMedia('(min-width: 1200px)')
const wide = ref(query.matches)
query.addEventListener('change', (event) => (wide.value = event.matches))

/** There is room; elsewhere the details have an address of their own. */
export const isRoomy = readonly(wide)

const shown = ref(readPreference('details') === 'shown')

/** Shown for every conversation until they are closed. */
export const detailsShown = readonly(shown)

export const showDetails = (on: boolean): void => {
  shown.value = on
  keepPreference('details', on ? 'shown' : undefined)
}
