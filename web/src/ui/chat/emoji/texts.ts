// What emoji-picker-element says, in the language of the page.
import type { I18n } from 'emoji-picker-element/shared'
import type { t as Translate } from '../../i18n'

export const textsOf = (t: typeof Translate): I18n => ({
  regionLabel: t('chat.emoji'),
  loadingMessage: t('frame.loading'),
  networkErrorMessage: t('chat.noEmoji'),
  emojiUnsupportedMessage: t('chat.noColours'),
  searchLabel: t('chat.findEmoji'),
  searchDescription: t('chat.emojiKeys'),
  searchResultsLabel: t('chat.foundEmoji'),
  favoritesLabel: t('chat.oftenEmoji'),
  categoriesLabel: t('chat.emojiGroups'),
  categories: {
    custom: '',
    'smileys-emotion': t('chat.emojiGroup.smileys'),
    'people-body': t('chat.emojiGroup.people'),
    'animals-nature': t('chat.emojiGroup.nature'),
    'food-drink': t('chat.emojiGroup.food'),
    'travel-places': t('chat.emojiGroup.travel'),
    activities: t('chat.emojiGroup.activities'),
    objects: t('chat.emojiGroup.objects'),
    symbols: t('chat.emojiGroup.symbols'),
    flags: t('chat.emojiGroup.flags'),
  },
  // The picker puts the tone there itself.
  skinToneLabel: t('chat.skinTone.chosen', { tone: '{skinTone}' }),
  skinToneDescription: t('chat.skinTone.keys'),
  skinTonesLabel: t('chat.skinTone.all'),
  skinTones: [t('chat.skinTone.none'), t('chat.skinTone.light'), t('chat.skinTone.mediumLight'), t('chat.skinTone.medium'), t('chat.skinTone.mediumDark'), t('chat.skinTone.dark')],
})
