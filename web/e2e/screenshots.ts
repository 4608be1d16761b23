// The page's main views, in both languages and themes, on a desktop and on a phone.
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { test } from 'vitest'

import { setStage, type Account, type Page, type Visit } from './harness'

const FOLDER = resolve(import.meta.dirname, '../../docs/screenshots')

const stage = setStage()

const DESKTOP: Visit = { viewport: { width: 1120, height: 720 } }
const WIDE: Visit = { viewport: { width: 1280, height: 800 } }
const PHONE: Visit = { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true }
const CHINESE: Visit = { locale: 'zh-CN', timezoneId: 'Asia/Shanghai' }

interface Scene {
  me: Account
  friend: Account
  group: string
}

/** What people say to each other: who, and what; `@` before a name mentions. */
const TALK = {
  zh: {
    names: ['林安', '李波', '苏晴', '周牧', '多拉'],
    group: '周三合唱团',
    introduction: '每周三晚上七点排练，欢迎旁听',
    announcement: '本周排练改到周四，老地方见。',
    friend: [
      [1, '早上好！今晚的排练改到七点了'],
      [0, '收到，我带谱子'],
      [1, '谱子在这里：https://example.org/score'],
      [1, '第二段我们再合一遍？'],
      [0, '好，我先听听录音'],
      [0, '👍'],
      [1, '要不要叫上苏晴？她上次说想来听听，结束了可以一起吃饭。'],
    ],
    room: [
      [2, '大家好，下个月的演出定在十五号'],
      [3, '太好了，场地是老剧院吗？'],
      [2, '对，六点走台'],
      [0, '服装统一吗？'],
      [1, '白衬衫就好，领结我来准备'],
    ],
    others: ['周末去爬山吗？', '文件收到了，谢谢！', '我是合唱团的多拉'],
    draft: '好的，那就',
  },
  en: {
    names: ['Anna Lind', 'Bobo Reyes', 'Cyan Woods', 'Matteo', 'Dora'],
    group: 'Wednesday choir',
    introduction: 'Every Wednesday at seven. Listeners are welcome.',
    announcement: 'This week we meet on Thursday, same place.',
    friend: [
      [1, 'Good morning! Tonight starts at seven'],
      [0, 'Thanks, I will bring the scores'],
      [1, 'They are here too: https://example.org/score'],
      [1, 'Shall we go over the second part again?'],
      [0, 'Yes. I will listen to the recording first'],
      [0, '👍'],
      [1, 'Shall we ask Cyan? She said that she would like to listen, and we could eat together afterwards.'],
    ],
    room: [
      [2, 'Hello all, the concert is on the fifteenth'],
      [3, 'Great! Is it in the old theatre?'],
      [2, 'Yes, stage call at six'],
      [0, 'Do we all wear the same?'],
      [1, 'A white shirt will do, I bring the bow ties'],
    ],
    others: ['A walk at the weekend?', 'Got the files, thank you!', 'I am Dora, from the choir'],
    draft: 'Alright, then',
  },
} as const

const play = async (language: keyof typeof TALK): Promise<Scene> => {
  const talk = TALK[language]
  const { server } = stage
  const cast: Account[] = []
  for (const [at, name] of talk.names.entries()) cast.push(await server.register(`${language}-cast-${at}`, name))
  const [me, friend, third, fourth, stranger] = cast
  if (!me || !friend || !third || !fourth || !stranger) throw new Error('the cast is not complete')
  await server.befriend(me, friend, third, fourth)
  await server.call('/api/friend/add', { userId: me.id, remark: talk.others[2] }, stranger)
  const group = await server.group(`${language}-choir`, me, friend, third, fourth)
  await server.call('/api/group/update', {
    groupId: group,
    groupNickname: talk.group,
    introduction: talk.introduction,
    announcement: talk.announcement,
  }, me)
  await server.call('/api/group/set_role', { groupId: group, userId: third.id, role: 'admin' }, me)
  await server.send(third, { toUserId: me.id }, talk.others[0])
  await server.send(fourth, { toUserId: me.id }, talk.others[1])
  for (const [who, text] of talk.room) await server.send(cast[who] ?? me, { toGroupId: group }, text)
  await server.call('/api/chat/send_msg', {
    toGroupId: group,
    msg: language === 'zh' ? `@${me.nickname} 你来主持好吗` : `@${me.nickname} would you present it?`,
    mentions: [me.id],
  }, third)
  for (const [who, text] of talk.friend) {
    const [from, to] = who === 0 ? [me, friend] : [friend, me]
    await server.send(from, { toUserId: to.id }, text)
  }
  await server.call('/api/chat/react', { toUserId: me.id, seq: 2, emoji: '❤️', on: true }, friend)
  const reply = language === 'zh' ? '当然，一起来！' : 'Of course, all together!'
  await server.call('/api/chat/send_msg', { toUserId: friend.id, msg: reply, replyTo: 7 }, me)
  await server.call('/api/chat/read', { toUserId: friend.id, seq: 9 }, me)
  await server.call('/api/chat/read', { toUserId: me.id, seq: 8 }, friend)
  await server.call('/api/chat/settings', { toGroupId: group, pinned: true }, me)
  return { me, friend, group }
}

const take = async (name: string, visit: Visit, ready: (page: Page) => Promise<unknown>): Promise<void> => {
  const page = await stage.visit({ reducedMotion: 'reduce', ...visit })
  await ready(page)
  await page.evaluate(() => document.fonts.ready)
  await page.waitForLoadState('networkidle')
  await page.screenshot({ path: join(FOLDER, `${name}.png`) })
}

const inChat = (page: Page): Promise<void> => page.getByRole('log').getByText('👍').waitFor()

const typing = async (page: Page, draft: string): Promise<void> => {
  await inChat(page)
  await page.locator('textarea').first().fill(draft)
}

const to = (scene: Scene, path: string): Visit => ({ as: scene.me, path })

test('the main views', async () => {
  mkdirSync(FOLDER, { recursive: true })
  const zh = await play('zh')
  const en = await play('en')
  // The friends are there while the pictures are taken.
  for (const { friend } of [zh, en]) await (await stage.visit({ as: friend, path: '/chat' })).getByRole('searchbox').waitFor()

  await take('chat-zh-light', { ...DESKTOP, ...CHINESE, ...to(zh, `/chat/u:${zh.friend.id}`) }, (page) => typing(page, TALK.zh.draft))
  await take('chat-en-dark', { ...DESKTOP, colorScheme: 'dark', ...to(en, `/chat/u:${en.friend.id}`) }, (page) => typing(page, TALK.en.draft))
  await take('group-zh-dark', { ...DESKTOP, ...CHINESE, colorScheme: 'dark', ...to(zh, `/chat/g:${zh.group}`) }, (page) =>
    page.getByRole('log').getByText('白衬衫').waitFor())
  await take('group-panel-en-light', { ...WIDE, ...to(en, `/chat/g:${en.group}`) }, async (page) => {
    await page.getByRole('button', { name: 'Details', exact: true }).click()
    await page.getByText('This week we meet').first().waitFor()
  })
  await take('requests-zh-light', { ...DESKTOP, ...CHINESE, ...to(zh, '/contacts/requests') }, (page) =>
    page.getByText('我是合唱团的多拉').waitFor())
  await take('settings-en-dark', { ...DESKTOP, colorScheme: 'dark', ...to(en, '/settings/profile') }, (page) =>
    page.getByText('Anna Lind').first().waitFor())
  await take('login-zh-light', { ...DESKTOP, ...CHINESE, path: '/login' }, (page) => page.getByRole('button', { name: '登录' }).waitFor())
  await take('phone-list-zh-dark', { ...PHONE, ...CHINESE, colorScheme: 'dark', ...to(zh, '/chat') }, (page) =>
    page.getByText('周三合唱团').first().waitFor())
  await take('phone-chat-en-light', { ...PHONE, ...to(en, `/chat/u:${en.friend.id}`) }, inChat)
})
