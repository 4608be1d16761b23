// Puts the page together around a model.
import { createApp } from 'vue'
import type { Model } from '../model'
import App from './App.vue'
import { startComebacks } from './frame/comeback'
import { startNews } from './frame/news'
import { startParts } from './frame/parts'
import { startVersions } from './frame/version'
import { i18n, startLanguage } from './i18n'
import { provideModel } from './model'
import { createPageRouter } from './router'
import { followTheme } from './theme/theme'
import './theme/tokens.css'
import './theme/base.css'

export const startPage = async (model: Model): Promise<void> => {
  followTheme()
  const app = createApp(App)
  provideModel(app, model)
  // The parts of the first view come while the texts do.
  const router = createPageRouter(model)
  app.use(router)
  await startLanguage()
  app.use(i18n)
  startComebacks(model)
  startNews(model, router)
  startParts(model, router)
  startVersions(model)
  app.mount('#app')
}
