// How long to wait before the next try: doubling, with jitter, bounded.

const FIRST = 500
const LONGEST = 30_000

export class Backoff {
  private tries = 0

  constructor(private readonly random: () => number = Math.random) {}

  /** The next wait in ms: somewhere in the upper half of 0.5 s, 1 s, 2 s, … 30 s, so that many clients do not come back at once. */
  next(): number {
    const most = Math.min(LONGEST, FIRST * 2 ** this.tries)
    this.tries = Math.min(this.tries + 1, 16)
    return Math.round(most / 2 + (this.random() * most) / 2)
  }

  /** It worked: the next wait is short again. */
  reset(): void {
    this.tries = 0
  }
}
