// Puts text on the clipboard, also where the page is not served over https.

export const copyText = async (text: string): Promise<void> => {
  // Typed as always there; browsers leave it out on plain http.
  const clipboard = navigator.clipboard as Clipboard | undefined
  if (clipboard) return clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  area.setAttribute('aria-hidden', 'true')
  area.className = 'sr-only'
  document.body.append(area)
  area.select()
  const done = document.execCommand('copy')
  area.remove()
  if (!done) throw new Error('the browser does not let the page copy')
}
