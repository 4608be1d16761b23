import { createRequire } from 'node:module'

import { expect, test } from 'vitest'

import { setStage, type Account, type Page, type Visit } from './harness'

const stage = setStage()
const axe = createRequire(import.meta.url).resolve('axe-core')

const PHONE: Visit = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }

/** Texts that want to be more than text. */
const HOSTILE = [
  '<img src=x onerror="window.broken=1"><script>window.broken=1</script>',
  '‮evil-gnp.exe‬ ‏שלום',
  'W'.repeat(10_000),
  'zero​width‍text⁠',
  'javascript:alert(1) https://a.b/?q="><script>window.broken=1</script>',
  `${'Z̷̢̧͉̝͎'.repeat(40)}`,
]

/** Serious findings of axe in what is on the page now. */
const findings = async (page: Page): Promise<string[]> => {
  await page.addScriptTag({ path: axe }).catch(() => undefined)
  return page.evaluate(async () => {
    const { violations } = await (
      window as unknown as {
        axe: { run: () => Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> }
      }
    ).axe.run()
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  })
}

const scene = async (name: string): Promise<{ ann: Account; bo: Account; group: string }> => {
  const [ann, bo] = await stage.friends(`${name}-ann`, `${name}-bo`)
  if (!ann || !bo) throw new Error('nobody is there')
  const group = await stage.server.group(`${name}-grp`, ann, bo)
  await stage.server.send(bo, { toUserId: ann.id }, 'hello https://example.org/')
  await stage.server.send(ann, { toUserId: bo.id }, 'hello yourself')
  await stage.server.send(bo, { toGroupId: group }, 'hello all')
  return { ann, bo, group }
}

test.each([
  ['en-US', 'light', {}],
  ['zh-CN', 'dark', PHONE],
] as const)('no view has a serious finding of axe (%s, %s)', async (locale, colorScheme, size) => {
  const { ann, bo, group } = await scene(`axe-${colorScheme}`)
  // Axe is brought in by the test, which the page's own policy forbids.
  const page = await stage.visit({ as: ann, locale, colorScheme, bypassCSP: true, reducedMotion: 'reduce', ...size })
  for (const path of [
    '/chat',
    `/chat/u:${bo.id}`,
    `/chat/g:${group}`,
    '/contacts',
    '/contacts/requests',
    '/contacts/find',
    `/contacts/u/${bo.id}`,
    `/contacts/g/${group}`,
    '/settings',
    '/settings/devices',
  ]) {
    await page.goto(path)
    await page.locator('#app').getByRole('heading').or(page.getByRole('log')).or(page.getByRole('searchbox')).first().waitFor()
    await page.waitForLoadState('networkidle')
    expect(await findings(page), path).toEqual([])
  }
  await page.goto(`/chat/u:${bo.id}`)
  await page.getByRole('button', { name: /^(Emoji|表情)$/ }).click()
  await page.getByRole('menuitem', { name: '😀' }).waitFor()
  expect(await findings(page), 'emoji').toEqual([])
  const out = await stage.visit({ path: '/login', locale, colorScheme, bypassCSP: true, ...size })
  await out.getByRole('button').first().waitFor()
  expect(await findings(out), 'login').toEqual([])
})

test.each([
  ['desktop', {}],
  ['phone', PHONE],
] as const)('hostile texts stay texts, and the layout holds (%s)', async (name, size) => {
  const [ann, bo] = await stage.friends(`evil-${name.slice(0, 5)}-a`, `evil-${name.slice(0, 5)}-b`)
  if (!ann || !bo) throw new Error('nobody is there')
  for (const text of HOSTILE) await stage.server.send(bo, { toUserId: ann.id }, text)
  const nickname = '<b onclick=x>‮Bo</b>​'
  const form = new FormData()
  form.append('nickname', nickname)
  form.append('sign', HOSTILE[0] ?? '')
  await fetch(`${stage.server.url}/api/user/update_uinfo`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bo.token}` },
    body: form,
  })
  await stage.server.call('/api/friend/set_remark', { friendUserId: bo.id, remark: '<i>remark</i>'.repeat(9) }, ann)
  const page = await stage.visit({ as: ann, ...size })
  for (const path of ['/chat', `/chat/u:${bo.id}`, '/contacts', `/contacts/u/${bo.id}`]) {
    await page.goto(path)
    await page.getByText('<i>remark</i>').filter({ visible: true }).first().waitFor()
    const [wide, broken] = await page.evaluate(() => [
      document.documentElement.scrollWidth - window.innerWidth,
      'broken' in window,
    ])
    expect([path, wide, broken]).toEqual([path, 0, false])
  }
})

test('a phone shows one pane at a time, and goes back', async () => {
  const { ann, bo } = await scene('phone')
  const page = await stage.visit({ as: ann, ...PHONE })
  await page.getByText('hello yourself').first().click()
  await page.getByRole('log').getByText('hello yourself').waitFor()
  expect(await page.getByRole('searchbox').count()).toBe(0)
  await page.getByRole('button', { name: 'Back' }).or(page.getByRole('link', { name: 'Back' })).first().click()
  await page.getByRole('searchbox').waitFor()
  await page.goto(`/chat/u:${bo.id}`)
  await page.getByRole('log').getByText('hello yourself').waitFor()
})

test('everything of the first conversation is done with the keyboard alone', async () => {
  const { ann } = await scene('keys')
  const page = await stage.visit({ as: ann })
  await page.getByText('hello yourself').first().waitFor()
  await page.keyboard.press('Control+K')
  await page.keyboard.type('keys-bo')
  await page.getByRole('searchbox').waitFor()
  await page.getByText('keys-bo').first().waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.getByRole('textbox', { name: /^Message to/ }).waitFor()
  await page.getByRole('textbox', { name: /^Message to/ }).focus()
  await page.keyboard.type('typed')
  await page.keyboard.press('Enter')
  await page.getByRole('log').getByText('typed').waitFor()
})
