// Following a link within the page.
import { useRouter } from 'vue-router'

/**
 * For the click on an `<a>` whose address is one of this page's: what is meant for another tab or window stays the browser's. Lists use it
 * instead of RouterLink, which resolves its address and compares it with where one is, for each row.
 */
export const useFollow = (): ((event: MouseEvent) => void) => {
  const router = useRouter()
  return (event) => {
    const link = event.currentTarget
    if (!(link instanceof HTMLAnchorElement) || event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.altKey || event.shiftKey) return
    event.preventDefault()
    void router.push(link.pathname + link.search + link.hash)
  }
}
