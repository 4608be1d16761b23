// What a screen reader has to say: who, what, when, and what became of it, in both languages.
import { expect, test } from 'vitest'

import { setStage } from './harness'

const stage = setStage()

/** Without the marks that keep a stranger's name from turning a sentence around, and with one time for all. */
const plain = (tree: string): string => tree.replaceAll(/[\u2068\u2069]/g, '').replaceAll(/\b\d\d:\d\d\b/g, 'NOW')

const LOCALES = {
  'en-US': {
    bo: ['bo: line one, NOW', 'bo: line two, NOW, edited'],
    mine: /^You: my own, NOW, (sent|read)$/,
    file: 'bo: [File] notes.txt, NOW',
    recalled: 'Recalled message, NOW',
    row: 'bo, 1 unread message, Online, gone, NOW',
    chats: 'Chats, 1 unread message',
    group: ['bo: hello all, NOW', 'You: hello bo, NOW, sent'],
    member: 'ann you Owner',
  },
  'zh-CN': {
    bo: ['bo：line one，NOW', 'bo：line two，NOW，已编辑'],
    mine: /^我：my own，NOW，(已发送|已读)$/,
    file: 'bo：[文件] notes.txt，NOW',
    recalled: '消息已撤回，NOW',
    row: 'bo，1 条未读消息，在线，gone，NOW',
    chats: '消息，1 条未读消息',
    group: ['bo：hello all，NOW', '我：hello bo，NOW，已发送'],
    member: 'ann 我 群主',
  },
} as const

test.each(['en-US', 'zh-CN'] as const)('messages, conversations and members are told apart (%s)', async (locale) => {
  const said = LOCALES[locale]
  const tag = locale.slice(0, 2)
  const [ann, bo] = await stage.friends(`read-${tag}-ann`, `read-${tag}-bo`)
  if (!ann || !bo) throw new Error('nobody is there')
  for (const [who, nickname] of [[ann, 'ann'], [bo, 'bo']] as const) {
    const form = new FormData()
    form.append('nickname', nickname)
    await fetch(`${stage.server.url}/api/user/update_uinfo`, { method: 'POST', headers: { authorization: `Bearer ${who.token}` }, body: form })
  }
  const to = { toUserId: ann.id }
  await stage.server.send(bo, to, 'line one')
  await stage.server.send(bo, to, 'line 2')
  await stage.server.call('/api/chat/edit', { ...to, seq: 2, msg: 'line two' }, bo)
  await stage.server.send(ann, { toUserId: bo.id }, 'my own')
  const form = new FormData()
  form.append('file', new Blob(['notes'], { type: 'text/plain' }), 'notes.txt')
  const upload = await fetch(`${stage.server.url}/api/file`, { method: 'POST', headers: { authorization: `Bearer ${bo.token}` }, body: form })
  const { data } = (await upload.json()) as { data: { fileId: string } }
  await stage.server.call('/api/chat/send_msg', { ...to, msg: 'notes.txt', kind: 'file', body: { fileId: data.fileId } }, bo)
  const { seq } = await stage.server.call<{ seq: number }>('/api/chat/send_msg', { ...to, msg: 'taken back' }, bo)
  await stage.server.call('/api/chat/recall', { ...to, seq }, bo)

  const page = await stage.visit({ as: ann, locale, path: `/chat/u:${bo.id}` })
  const articles = page.getByRole('log').getByRole('article')
  await articles.filter({ hasText: 'line one' }).waitFor()
  const names = async (): Promise<string[]> => (await articles.evaluateAll((all) => all.map((one) => one.getAttribute('aria-label') ?? ''))).map(plain)
  await expect.poll(names).toEqual([...said.bo, expect.stringMatching(said.mine), said.file, said.recalled])
  // Read line by line it is the same: who, what, when.
  expect(plain(await articles.first().ariaSnapshot())).toMatch(/text: "?bo[:：]"?\n\s*- paragraph: "?line one ?[,，] ?NOW"?$/)
  expect(plain(await articles.nth(2).ariaSnapshot())).toMatch(/my own ?[,，] ?NOW[,，]/)

  // The server has heard what was read.
  await expect
    .poll(async () => (await stage.server.get<{ list: { unread: number }[] }>('/api/chat/conversations', ann)).list[0]?.unread)
    .toBe(0)

  // Elsewhere meanwhile.
  await page.goto('/settings')
  const visitor = await stage.visit({ as: bo, path: '/settings' })
  await visitor.getByRole('navigation').first().waitFor()
  await stage.server.send(bo, to, 'gone')
  const chats = page.getByRole('navigation').first().getByRole('link').nth(1)
  await expect.poll(async () => (await chats.ariaSnapshot()).replace(/ ?([,，]) ?/, locale === 'en-US' ? ', ' : '，')).toContain(`"${said.chats}"`)
  await page.goto('/chat')
  const row = page.getByRole('link', { name: /gone/ })
  await row.waitFor()
  await expect.poll(async () => plain(await row.ariaSnapshot())).toContain(`link "${said.row}"`)

  const group = await stage.server.group(`rd-${tag}-grp`, ann, bo)
  await stage.server.send(bo, { toGroupId: group }, 'hello all')
  await stage.server.send(ann, { toGroupId: group }, 'hello bo')
  await page.goto(`/chat/g:${group}`)
  await articles.filter({ hasText: 'hello bo' }).waitFor()
  expect(await names()).toEqual(said.group)
  await page.goto(`/contacts/g/${group}`)
  await page.getByRole('link', { name: said.member, exact: true }).waitFor()
})
