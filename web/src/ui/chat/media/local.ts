// Pictures that were sent from this page: shown from here, so that they do not blink when the server has them.
import type { Message } from '../../../model'
import { alsoForget } from '../../preferences'

const KEPT = 40
const urls = new Map<string, string>()
alsoForget(() => {
  for (const url of urls.values()) URL.revokeObjectURL(url)
  urls.clear()
})

/** An address of the picture as it lies in memory; undefined when it was not sent from here. */
export const localUrl = ({ id, upload }: Message): string | undefined => {
  const known = urls.get(id)
  if (known !== undefined || !upload) return known
  const url = URL.createObjectURL(upload.blob)
  urls.set(id, url)
  const [oldest] = urls
  if (urls.size > KEPT && oldest) {
    urls.delete(oldest[0])
    URL.revokeObjectURL(oldest[1])
  }
  return url
}
