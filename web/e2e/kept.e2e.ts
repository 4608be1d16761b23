// Where messages are deleted once they have arrived, none is before it has been here.
import { expect, test } from 'vitest'

import { setStage, type Account, type Page } from './harness'

const stage = setStage({ HONGYAN_MESSAGES__KEEP: 'until-delivered', HONGYAN_MESSAGES__SWEEP_SECONDS: '1' })

/** The line, as it is drawn. */
const line = (page: Page, n: number) => page.getByRole('log').getByText(new RegExp(`^line ${n}\\.`))

/** What the server still has of a conversation behind `after`. */
const left = async (reader: Account, peer: Account, after = 0): Promise<string[]> => {
  const { list } = await stage.server.get<{ list: { msg: string }[] }>(
    `/api/chat/history?toUserId=${peer.id}&after=${after}&limit=100`,
    reader,
  )
  return list.map(({ msg }) => msg)
}

/** Ends when all that has arrived by now is deleted: another conversation shows that the server has gone through all of them. */
const swept = async (name: string): Promise<void> => {
  const [cy, di] = await stage.friends(`${name}-cy`, `${name}-di`)
  if (!cy || !di) throw new Error('nobody is there')
  await stage.server.send(cy, { toUserId: di.id }, 'read at once')
  await stage.server.call('/api/chat/read', { toUserId: cy.id, seq: 1 }, di)
  await expect.poll(() => left(di, cy)).toEqual([])
}

test('what is below the place where one reads on is there after a connection, and goes when it was read', async () => {
  const [ann, bo] = await stage.friends('below-ann', 'below-bo')
  if (!ann || !bo) throw new Error('nobody is there')
  for (let n = 1; n <= 200; n++) await stage.server.send(bo, { toUserId: ann.id }, `line ${n}.`)
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await line(page, 1).waitFor()
  await stage.server.killAndRestart()
  await stage.server.send(bo, { toUserId: ann.id }, 'line 201.')
  await page.getByRole('link', { name: /line 201\./ }).waitFor()
  await swept('below')
  expect(await left(ann, bo, 100)).toHaveLength(100)

  await page.getByRole('log').hover()
  await expect
    .poll(async () => {
      await page.mouse.wheel(0, 2_000)
      return line(page, 201).count()
    })
    .toBe(1)
  await expect.poll(() => left(ann, bo)).toEqual([])
  await line(page, 201).waitFor()
})
