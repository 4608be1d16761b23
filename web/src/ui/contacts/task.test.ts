// What the server is asked to do, one after the other.
import { expect, it } from 'vitest'
import { toasts } from '../base/toast'
import { useTask } from './task'

/** A job that ends when it is told to. */
const job = (name: string, said: string[]) => {
  const ends: ((error?: Error) => void)[] = []
  const done = new Promise<void>((resolve, reject) => {
    ends.push((error) => (error ? reject(error) : resolve()))
  })
  const start = (): Promise<void> => {
    said.push(name)
    return done
  }
  return { start, end: (error?: Error) => ends[0]?.(error) }
}

it('what is asked for while something is on its way is done after it', async () => {
  const said: string[] = []
  const { busy, run } = useTask()
  const [pin, mute] = [job('pin', said), job('mute', said)]
  const [pinned, muted] = [run(pin.start), run(mute.start)]
  await Promise.resolve()
  expect(said).toEqual(['pin'])
  pin.end()
  expect(await pinned).toBe(true)
  expect(busy.value).toBe(true)
  mute.end()
  expect(await muted).toBe(true)
  expect(said).toEqual(['pin', 'mute'])
  expect(busy.value).toBe(false)
})

it('a refusal is said, and what waits behind it is done', async () => {
  const said: string[] = []
  const { run } = useTask()
  const [first, second] = [job('first', said), job('second', said)]
  const [refused, done] = [run(first.start), run(second.start)]
  second.end()
  first.end(new Error('no'))
  expect(await refused).toBe(false)
  expect(await done).toBe(true)
  expect(toasts).toHaveLength(1)
})
