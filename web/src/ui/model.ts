// Gives the model to every component.
import { inject, type App, type InjectionKey } from 'vue'
import type { Model } from '../model'

const key: InjectionKey<Model> = Symbol('model')

export const provideModel = (app: App, model: Model): void => {
  app.provide(key, model)
}

/** The model of this page; in `setup` only. */
export const useModel = (): Model => {
  const model = inject(key)
  if (!model) throw new Error('useModel() outside of the page')
  return model
}
