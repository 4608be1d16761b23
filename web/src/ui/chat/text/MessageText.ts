// A message's text as elements: words, links, names. What a stranger wrote never becomes anything else.
import { h, type FunctionalComponent, type VNode } from 'vue'
import type { Token } from './tokens'

export const MessageText: FunctionalComponent<{ tokens: readonly Token[] }> = ({ tokens }) =>
  tokens.map((token): VNode | string => {
    switch (token.kind) {
      case 'text':
        return token.text
      case 'mention':
        return h('span', { class: 'mention' }, token.text)
      case 'link':
        return h('a', { class: 'link', href: token.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, token.text)
    }
  }) as VNode[]
MessageText.props = ['tokens']
