// How long a text is in bytes of UTF-8, which is what a server bounds; counted only where it may matter.
import { computed, type ComputedRef } from 'vue'

/** The part of the bound from which on one is told. */
const NEAR = 0.9
/** A UTF-16 unit takes at most so many bytes. */
const WIDEST = 3

const encoder = new TextEncoder()

export interface Length {
  bytes: number
  most: number
  over: boolean
}

/** Undefined while the text is far from the bound, or no bound is known. */
export const lengthNear = (text: string, most: number | undefined): Length | undefined => {
  if (most === undefined || text.length * WIDEST < most * NEAR) return undefined
  const bytes = encoder.encode(text).length
  return bytes < most * NEAR ? undefined : { bytes, most, over: bytes > most }
}

/** A message as it is sent: without empty lines before it, and nothing behind it. */
export const asSent = (text: string): string => text.replace(/^\s*\n/u, '').trimEnd()

export const useLength = (text: () => string, most: () => number | undefined): ComputedRef<Length | undefined> =>
  computed(() => lengthNear(asSent(text()), most()))
