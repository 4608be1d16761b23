// The page's own sound for a new message: two soft notes, made when they are heard.
let audio: AudioContext | undefined
let last = 0

/** At most once in two seconds: many messages at once are one thing that happened. */
export const playTone = async (): Promise<void> => {
  if (Date.now() - last < 2000) return
  last = Date.now()
  audio ??= new AudioContext()
  // A browser keeps a page silent that nobody has touched yet.
  if (audio.state === 'suspended') await Promise.race([audio.resume(), new Promise((done) => setTimeout(done, 300))])
  if (audio.state !== 'running') return
  const start = audio.currentTime + 0.02
  for (const [pitch, after] of [
    [659.26, 0],
    [880, 0.11],
  ] as const) {
    const note = audio.createOscillator()
    const loudness = audio.createGain()
    note.type = 'sine'
    note.frequency.value = pitch
    loudness.gain.setValueAtTime(0, start + after)
    loudness.gain.linearRampToValueAtTime(0.16, start + after + 0.015)
    loudness.gain.exponentialRampToValueAtTime(0.001, start + after + 0.42)
    note.connect(loudness).connect(audio.destination)
    note.start(start + after)
    note.stop(start + after + 0.45)
  }
}
