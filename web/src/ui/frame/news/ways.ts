// What the user wants to be told by, in this browser.
import { reactive } from 'vue'
import { keepPreference, readPreference } from '../../preferences'

export type Way = 'title' | 'sound' | 'desktop' | 'preview'

const kept = (way: Way, usual: boolean): boolean => {
  const value = readPreference(`notify.${way}`)
  return value === undefined ? usual : value === 'on'
}

/** `preview`: the desktop sees the text. */
export const ways = reactive<Record<Way, boolean>>({
  title: kept('title', true),
  sound: kept('sound', true),
  desktop: kept('desktop', false),
  preview: kept('preview', true),
})

export const setWay = (way: Way, on: boolean): void => {
  ways[way] = on
  keepPreference(`notify.${way}`, on ? 'on' : 'off')
}
