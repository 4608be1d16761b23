// Sets theme and language of the page before its first paint, and asks for its texts; ui/theme and ui/i18n keep them from then on.
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
  const chinese = /^zh/i.test(language || navigator.language)
  root.lang = chinese ? 'zh-CN' : 'en'
  // The texts come together with what shows them.
  const texts = document.currentScript?.dataset[chinese ? 'zh' : 'en']
  if (texts) document.head.append(Object.assign(document.createElement('link'), { rel: 'modulepreload', href: texts }))
  if (dark) document.querySelector('meta[name="theme-color"]')?.setAttribute('content', '#151514')
}
