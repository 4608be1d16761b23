// A message's text as elements: words, links, names. What a stranger wrote never becomes anything else.
import { h, type FunctionalComponent, type VNode } from 'vue'
import { tokens } from './tokens'

export const MessageText: FunctionalComponent<{ text: string; names?: readonly string[] }> = ({ text, names }) =>
  tokens(text, names).map((token): VNode | string => {
    switch (token.kind) {
      case 'text':
        return token.text
      case 'mention':
        return h('span', { class: 'mention' }, token.text)
      case 'link':
        return h('a', { class: 'link', href: token.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, token.text)
    }
  }) as VNode[]
MessageText.props = ['text', 'names']
