// What stands in a menu.
import type { Component } from 'vue'

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
