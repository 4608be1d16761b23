// How large a picture is shown: known before it is loaded, so that nothing moves when it is.
import type { Message } from '../../../model'

const LARGEST = { width: 320, height: 320 }
const SMALLEST = 72

const numberOf = (body: Record<string, unknown> | undefined, field: string): number => {
  const value = body?.[field]
  return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : 0
}

/** Of files that were chosen on this page, and are on their way. */
const measured = new WeakMap<Blob, { width: number; height: number }>()
export const rememberSize = (blob: Blob, size: { width: number; height: number }): void => void measured.set(blob, size)

export const pictureSize = ({ body, upload }: Message): { width: number; height: number } => {
  const known = upload && measured.get(upload.blob)
  const width = known?.width ?? numberOf(body, 'width')
  const height = known?.height ?? numberOf(body, 'height')
  if (!width || !height) return { width: 220, height: 220 }
  const scale = Math.min(1, LARGEST.width / width, LARGEST.height / height)
  return {
    width: Math.round(Math.max(SMALLEST, width * scale)),
    height: Math.round(Math.max(SMALLEST, height * scale)),
  }
}
