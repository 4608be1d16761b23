// Sets theme and language of the page before its first paint; ui/theme and ui/i18n keep them from then on.
{
  const root = document.documentElement
  let theme
  let language
  try {
    theme = localStorage.getItem('hongyan.theme')
    language = localStorage.getItem('hongyan.language')
  } catch {
    // Storage is off: what the browser prefers is taken.
  }
  const dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  root.dataset.theme = dark ? 'dark' : 'light'
  root.lang = /^zh/i.test(language || navigator.language) ? 'zh-CN' : 'en'
  if (dark) document.querySelector('meta[name="theme-color"]')?.setAttribute('content', '#151514')
}
