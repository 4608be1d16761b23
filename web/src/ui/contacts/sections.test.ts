// Friends in sections: letters of all scripts, favourites first.
import { describe, expect, it } from 'vitest'
import type { Friend } from '../../model'
import { letterOf, sectionsOf } from './sections'

const friend = (nickname: string, change: Partial<Friend> = {}): Friend => ({
  userId: nickname,
  username: 'user',
  nickname,
  headImg: '',
  sex: '-1',
  sign: '',
  remark: '',
  online: false,
  favourite: false,
  blocked: false,
  ...change,
})

describe('the letter of a name', () => {
  it('is its own in Latin script, without marks and in any case', () => {
    expect(['alice', 'Émile', 'Ｚoe', 'ångström'].map(letterOf)).toEqual(['A', 'E', 'Z', 'A'])
  })

  it('is that of the pinyin of a Chinese name', () => {
    const names = ['阿明', '白鹭', '陈晨', '丁一', '鄂伦', '方圆', '高山', '何欢', '江河', '柯南', '李雷', '马超', '倪妮', '欧阳', '潘安', '钱多', '任我', '孙悟', '唐僧', '王伟', '小红', '张三', '杨过']
    expect(names.map(letterOf).join('')).toBe('ABCDEFGHJKLMNOPQRSTWXZY')
  })

  it('passes over what has no letter at the beginning', () => {
    expect(['★王伟', ' \u202eBob', '“李”'].map(letterOf)).toEqual(['W', 'B', 'L'])
  })

  it('is # for everything else', () => {
    expect(['9527', 'Ωmega', '', '\u200b', '🦢', 'мир'].map(letterOf)).toEqual(['#', '#', '#', '#', '#', '#'])
  })
})

describe('sections', () => {
  it('have favourites first and # last', () => {
    const found = sectionsOf([
      friend('Zoe', { favourite: true }),
      friend('007'),
      friend('Bob'),
      friend('白鹭'),
      friend('Someone', { remark: '阿明' }),
    ])
    expect(found.map(({ letter, friends }) => [letter, ...friends.map((one) => one.nickname)])).toEqual([
      ['*', 'Zoe'],
      ['A', 'Someone'],
      ['B', 'Bob', '白鹭'],
      ['#', '007'],
    ])
  })
})
