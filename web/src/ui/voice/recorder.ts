// Records a voice from the microphone.

/** Why nothing can be recorded. */
export type Trouble = 'insecure' | 'unable' | 'refused' | 'noMicrophone' | 'busy'

export class CannotRecord extends Error {
  override readonly name = 'CannotRecord'
  constructor(readonly trouble: Trouble) {
    super(trouble)
  }
}

/** The longest voice, in seconds. */
export const LONGEST = 60
/** Bits a second: clear speech, and less than half a megabyte for the longest. */
const BITRATE = 48_000
/** What browsers record and the server takes as a sound; the first that this one has. */
const TYPES = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus']

export interface Voice {
  blob: Blob
  /** As a file it is called so. */
  name: string
  /** Whole ones, at least 1. */
  seconds: number
}

export interface Recording {
  /** ms that are recorded so far. */
  elapsed: () => number
  /** How loud it is now, from 0 to 1. */
  level: () => number
  /** What was recorded. */
  finish: () => Promise<Voice>
  /** Ends it and lets go of the microphone; may be called at any time, and again. */
  stop: () => void
}

const NAMES: Record<string, Trouble> = {
  NotAllowedError: 'refused',
  SecurityError: 'refused',
  NotFoundError: 'noMicrophone',
  OverconstrainedError: 'noMicrophone',
  NotReadableError: 'busy',
  AbortError: 'busy',
}

const microphone = async (): Promise<MediaStream> => {
  // Browsers give the microphone to pages with TLS, and to those of the own machine.
  if (!window.isSecureContext) throw new CannotRecord('insecure')
  if (!('mediaDevices' in navigator) || !('MediaRecorder' in window)) throw new CannotRecord('unable')
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } })
  } catch (error) {
    throw new CannotRecord((error instanceof DOMException && NAMES[error.name]) || 'unable')
  }
}

/** Listens to how loud it is. */
const meter = (stream: MediaStream): { level: () => number; close: () => void } => {
  const context = new AudioContext()
  const analyser = context.createAnalyser()
  analyser.fftSize = 1024
  context.createMediaStreamSource(stream).connect(analyser)
  const wave = new Float32Array(analyser.fftSize)
  return {
    level: () => {
      analyser.getFloatTimeDomainData(wave)
      const power = wave.reduce((sum, value) => sum + value * value, 0) / wave.length
      // From a whisper (-50 dB) to somebody who speaks into it (-10 dB).
      return Math.min(1, Math.max(0, (10 * Math.log10(power || 1e-9) + 50) / 40))
    },
    close: () => void context.close().catch(() => undefined),
  }
}

/** Begins to record. `ended` is called when it stops by itself: it is long enough, or the microphone is gone. */
export const record = async (ended: () => void): Promise<Recording> => {
  const stream = await microphone()
  const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type))
  const recorder = new MediaRecorder(stream, { audioBitsPerSecond: BITRATE, ...(mimeType === undefined ? {} : { mimeType }) })
  const { level, close } = meter(stream)
  const parts: Blob[] = []
  let begun = 0
  let length: number | undefined

  const release = (): void => {
    clearTimeout(timer)
    for (const track of stream.getTracks()) track.stop()
    close()
  }
  const stopped = new Promise<void>((done) => {
    recorder.addEventListener('dataavailable', ({ data }) => parts.push(data))
    recorder.addEventListener('stop', () => {
      release()
      done()
    })
  })
  const elapsed = (): number => length ?? (begun ? Math.min(performance.now() - begun, LONGEST * 1000) : 0)
  const stop = (): void => {
    length ??= elapsed()
    if (recorder.state === 'inactive') release()
    else recorder.stop()
  }
  const stopItself = (): void => {
    if (length !== undefined) return
    stop()
    ended()
  }
  recorder.addEventListener('error', stopItself)
  for (const track of stream.getTracks()) track.addEventListener('ended', stopItself)
  recorder.start()
  begun = performance.now()
  const timer = setTimeout(stopItself, LONGEST * 1000)

  return {
    elapsed,
    level,
    stop,
    finish: async () => {
      stop()
      await stopped
      const blob = new Blob(parts, { type: recorder.mimeType || mimeType || 'audio/webm' })
      const name = `voice.${/mp4/.test(blob.type) ? 'm4a' : /ogg/.test(blob.type) ? 'ogg' : 'webm'}`
      return { blob, name, seconds: Math.min(LONGEST, Math.max(1, Math.round(elapsed() / 1000))) }
    },
  }
}
