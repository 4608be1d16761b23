// Whether one pane is shown at a time.
import { readonly, ref } from 'vue'

const query = matchMedia('(max-width: 767px)')
const narrow = ref(query.matches)
query.addEventListener('change', (event) => (narrow.value = event.matches))

/** One pane at a time, as on a phone. */
export const isPhone = readonly(narrow)
