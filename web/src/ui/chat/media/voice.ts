// Plays voices, one at a time.
import { shallowReactive } from 'vue'
import { alsoForget } from '../../preferences'

/** What plays, or stopped half-way: by its address, as messages of two conversations may have the same id. */
export const playing = shallowReactive({ url: '', running: false, failed: false, position: 0, duration: 0 })

let audio: HTMLAudioElement | undefined

const player = (): HTMLAudioElement => {
  if (audio) return audio
  const made = new Audio()
  made.preload = 'auto'
  made.addEventListener('timeupdate', () => (playing.position = made.currentTime))
  made.addEventListener('durationchange', () => (playing.duration = Number.isFinite(made.duration) ? made.duration : 0))
  made.addEventListener('play', () => (playing.running = true))
  made.addEventListener('pause', () => (playing.running = false))
  made.addEventListener('ended', () => (playing.position = 0))
  made.addEventListener('error', () => {
    playing.running = false
    playing.failed = playing.url !== ''
  })
  audio = made
  return made
}

export const togglePlay = (url: string): void => {
  const sound = player()
  if (playing.url !== url || playing.failed) {
    Object.assign(playing, { url, position: 0, duration: 0, failed: false })
    sound.src = url
  } else if (playing.running) {
    sound.pause()
    return
  }
  sound.play().catch(() => {
    // The element tells of it by "error", or another voice took over.
  })
}

export const pausePlaying = (): void => audio?.pause()

alsoForget(() => {
  pausePlaying()
  playing.url = ''
})

/** `part`: from 0 to 1. What a browser recorded does not say how long it is: its message does, in seconds. */
export const seekTo = (part: number, seconds: number): void => {
  if (audio) audio.currentTime = part * (playing.duration || seconds)
}
