// The square that is cut out of a picture: where it lies and how it is made into a file.

export interface Crop {
  /** The middle of the square, in the picture's pixels. */
  x: number
  y: number
  /** 1: as much of the picture as a square can hold; 4: a quarter of that. */
  zoom: number
}

/** In px, each way: what avatars are kept as. */
const SIDE = 512
export const MOST_ZOOM = 6

/** How many of the picture's pixels the square is wide. */
export const spanOf = (picture: ImageBitmap, zoom: number): number => Math.min(picture.width, picture.height) / zoom

/** The same crop within the picture's edges. */
export const held = (picture: ImageBitmap, crop: Crop): Crop => {
  const zoom = Math.min(Math.max(crop.zoom, 1), MOST_ZOOM)
  const half = spanOf(picture, zoom) / 2
  const between = (value: number, most: number): number => Math.min(Math.max(value, half), most - half)
  return { zoom, x: between(crop.x, picture.width), y: between(crop.y, picture.height) }
}

export const centred = (picture: ImageBitmap): Crop => ({ x: picture.width / 2, y: picture.height / 2, zoom: 1 })

/** Draws the square of the picture over the whole canvas. */
export const drawCrop = (canvas: HTMLCanvasElement, picture: ImageBitmap, crop: Crop): void => {
  const context = canvas.getContext('2d')
  if (!context) return
  const span = spanOf(picture, crop.zoom)
  context.imageSmoothingQuality = 'high'
  context.clearRect(0, 0, canvas.width, canvas.height)
  context.drawImage(picture, crop.x - span / 2, crop.y - span / 2, span, span, 0, 0, canvas.width, canvas.height)
}

const seesThrough = (canvas: HTMLCanvasElement): boolean => {
  const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data
  if (!pixels) return false
  for (let alpha = 3; alpha < pixels.length; alpha += 4) if ((pixels[alpha] ?? 255) < 250) return true
  return false
}

/** The square as a file: a JPEG, or a PNG where one can see through it. */
export const cut = (picture: ImageBitmap, crop: Crop): Promise<Blob> => {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = Math.min(SIDE, Math.max(64, Math.round(spanOf(picture, crop.zoom))))
  drawCrop(canvas, picture, crop)
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error('the picture could not be made'))),
      seesThrough(canvas) ? 'image/png' : 'image/jpeg',
      0.9,
    )
  })
}
