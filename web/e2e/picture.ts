// Pictures whose parts can be told apart by their colour, and what is seen in one that somebody else is shown.
import { Buffer } from 'node:buffer'

import type { Page } from './harness'

/** Two rows of four columns. */
const COLOURS = {
  red: [230, 30, 30], green: [30, 160, 60], blue: [40, 70, 230], yellow: [240, 220, 40],
  maroon: [110, 10, 30], forest: [10, 70, 30], navy: [15, 20, 100], olive: [110, 100, 10],
} as const
export type Colour = keyof typeof COLOURS

/** A picture with these two rows of four squares, each `side` px wide. */
export const squares = async (page: Page, side: number): Promise<{ name: string; mimeType: string; buffer: Buffer }> => {
  const base64 = await page.evaluate(
    ([colours, side]) => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 4 * side, height: 2 * side })
      const context = canvas.getContext('2d')
      for (const [at, [red, green, blue]] of colours.entries()) {
        if (!context) break
        context.fillStyle = `rgb(${red} ${green} ${blue})`
        context.fillRect((at % 4) * side, Math.floor(at / 4) * side, side, side)
      }
      return canvas.toDataURL('image/png').replace(/^.*,/, '')
    },
    [Object.values(COLOURS), side] as const,
  )
  return { name: 'squares.png', mimeType: 'image/png', buffer: Buffer.from(base64, 'base64') }
}

/** What is at its four corners, from the upper left on: a little inside, where nothing is blurred. */
export const corners = async (page: Page, src: string): Promise<Colour[]> => {
  const seen = await page.evaluate(async (src) => {
    const picture = await createImageBitmap(await (await fetch(src)).blob())
    const { width, height } = picture
    const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d')
    context?.drawImage(picture, 0, 0)
    const at = (x: number, y: number): number[] => [...(context?.getImageData(x * width, y * height, 1, 1).data ?? [])]
    return [at(0.1, 0.1), at(0.9, 0.1), at(0.1, 0.9), at(0.9, 0.9)]
  }, src)
  const names = Object.keys(COLOURS) as Colour[]
  const distance = (pixel: number[], name: Colour): number =>
    Math.hypot(...COLOURS[name].map((value, at) => value - (pixel[at] ?? 0)))
  return seen.map((pixel) => names.reduce((best, name) => (distance(pixel, name) < distance(pixel, best) ? name : best)))
}
