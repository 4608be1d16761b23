// What stands in a menu, and how one opens.
import { defineAsyncComponent, type Component } from 'vue'

export interface MenuItem {
  label: string
  icon?: Component
  danger?: boolean
  disabled?: boolean
  /** A tick before it: on. */
  checked?: boolean
  /** A line above it. */
  apart?: boolean
  select: () => void
}

export interface QuickItem {
  /** An emoji. */
  sign: string
  label: string
  select: () => void
}

export interface MenuOpening {
  /** What it opens beside: its button, or a point. */
  at: { getBoundingClientRect: () => DOMRect }
  /** Its button; none where it belongs to a point. */
  button?: HTMLElement
  /** What it is a menu of, as it is heard. */
  label?: string
  /** What has the focus when it closes. */
  back: HTMLElement | undefined
  /** Opened with a key: the first entry has the focus at once. */
  byKey: boolean
}

/** Fetches what opens menus; before somebody presses, if it can be told. */
export const fetchMenu = (): Promise<{ default: typeof import('./OpenMenu.vue').default }> => import('./OpenMenu.vue')

export const OpenMenu = defineAsyncComponent(fetchMenu)
