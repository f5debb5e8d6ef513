/** What a character set of several bytes is made of. */
export interface MultiByteCharset {
  /** Of the TextDecoder that knows most of it. */
  readonly label: string;
  /** Ranges of first and second bytes of two. */
  readonly leads: string;
  readonly trails: string;
  /** Where the server sees other characters: the first code, and what stands there and behind. */
  readonly patches: Readonly<Record<string, string>>;
  /** Ranges of codes that are no characters for the server: it shows `?`. */
  readonly holes: string;
}

/** As MySQL 9.7 and MariaDB 10.11 convert every code of them to UTF-8 (PITFALLS B79). */
export const MULTI_BYTE_CHARSETS: Readonly<Record<string, MultiByteCharset>> = {
  sjis: {
    label: 'shift_jis',
    leads: '81-9f e0-fc',
    trails: '40-7e 80-fc',
    patches: {
      '815f': '\\〜‖',
      '817c': '−',
      '8191': '¢£',
      '81ca': '¬',
    },
    holes:
      '8740-875d 875f-8775 877e-879c ed40-edfc ee40-eeec eeef-eefc f040-f0fc f140-f1fc ' +
      'f240-f2fc f340-f3fc f440-f4fc f540-f5fc f640-f6fc f740-f7fc f840-f8fc f940-f9fc ' +
      'fa40-fafc fb40-fbfc fc40-fc4b',
  },
  cp932: {
    label: 'shift_jis',
    leads: '81-9f e0-fc',
    trails: '40-7e 80-fc',
    patches: {},
    holes: '',
  },
  ujis: {
    label: 'euc-jp',
    leads: 'a1-fe',
    trails: 'a1-fe',
    patches: {
      a1c0: '\\〜‖',
      a1dd: '−',
      a1f1: '¢£',
      a2cc: '¬',
      '8fa2b7': '~',
    },
    holes: 'ada1-adbe adc0-add6 addf-adfc 8ff3a1-8ff3b4 8ff3b7-8ff3b7',
  },
  eucjpms: {
    label: 'euc-jp',
    leads: 'a1-fe',
    trails: 'a1-fe',
    patches: {
      '8fa2c3': '￤',
      '8ff3f3':
        'ⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ＇＂㈱№℡炻仼僴凬匇匤﨎咊坙﨏塚增寬峵嵓' +
        '﨑德悅愠敎昻晥晴朗栁﨓﨔橫櫢淸淲瀨凞猪甁皂皞益礰礼神祥福竧靖精綠緖羽荢﨟薰蘒﨡蠇' +
        '諸譿賴赶﨣﨤逸郞都鄕﨧﨨閒隆﨩霻靍靑飯飼館馞髙魲鶴黑',
    },
    holes: '8ff3a1-8ff3b4 8ff3b7-8ff3b7',
  },
  euckr: {
    label: 'euc-kr',
    leads: '81-fe',
    trails: '41-5a 61-7a 81-fe',
    patches: {
      a2e6: '€',
      a2e7: '®',
    },
    holes: 'c9a1-c9fe fea1-fefe',
  },
  gb2312: {
    label: 'gbk',
    leads: 'a1-f7',
    trails: 'a1-fe',
    patches: {
      a1a4: '・',
      a1aa: '―',
    },
    holes:
      'a2a1-a2b0 a2e3-a2e4 a2ef-a2f0 a2fd-a2fe a4f4-a4fe a5f7-a5fe a6b9-a6c0 a6d9-a6fe ' +
      'a7c2-a7d0 a7f2-a7fe a8bb-a8c4 a8ea-a8fe a9a1-a9a3 a9f0-a9fe aaa1-aafe aba1-abfe ' +
      'aca1-acfe ada1-adfe aea1-aefe afa1-affe d7fa-d7fe',
  },
  gbk: {
    label: 'gbk',
    leads: '81-fe',
    trails: '40-7e 80-fe',
    patches: {},
    holes:
      'a140-a1a0 a240-a2a0 a2ab-a2b0 a2e3-a2e4 a2ef-a2f0 a2fd-a3a0 a440-a4a0 a4f4-a5a0 ' +
      'a5f7-a6a0 a6b9-a6c0 a6d9-a6df a6ec-a6ed a6f3-a6f3 a6f6-a7a0 a7c2-a7d0 a7f2-a7fe ' +
      'a896-a8a0 a8bc-a8bc a8bf-a8bf a8c1-a8c4 a8ea-a8fe a958-a958 a95b-a95b a95d-a95f ' +
      'a989-a995 a997-a9a3 a9f0-a9fe aaa1-aafe aba1-abfe aca1-acfe ada1-adfe aea1-aefe ' +
      'afa1-affe d7fa-d7fe f8a1-f8fe f9a1-f9fe faa1-fafe fba1-fbfe fca1-fcfe fda1-fdfe ' +
      'fe50-fefe',
  },
  big5: {
    label: 'big5',
    leads: 'a1-f9',
    trails: '40-7e a1-fe',
    patches: {
      a145: '•',
      a14e: '､',
      a15a: '\ufffd',
      a1c2: '‾\ufffd',
      a1c5: '\ufffd',
      a1e3: '∼',
      a1f2: '♁☉',
      a1fe: '\ufffd\ufffd／＼',
      a244: '¥',
      a246: '¢£',
      a2cc: '\ufffd',
      a2ce: '\ufffd',
      c6a1:
        'ヾゝゞ々ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつ' +
        'づてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽまみむめもゃやゅゆょよらりるれ' +
        'ろゎわゐゑをんァアィイゥウェエォオカガキギクグケゲコゴサザシジスズセゼソゾタダチ' +
        'ヂッツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポマミムメモャヤュユョヨラ' +
        'リルレロヮワヰヱヲンヴヵヶДЕЁЖЗИЙКЛМУФХЦЧШЩЪЫЬЭЮЯабвг' +
        'деёжзийклмнопрстуфхцчшщъыьэюя①②③④⑤⑥⑦⑧⑨⑩⑴' +
        '⑵⑶⑷⑸⑹⑺⑻⑼⑽',
    },
    holes: 'a3e1-a3e1 c7fd-c8fe f9dd-f9fe',
  },
  gb18030: {
    label: 'gb18030',
    leads: '81-fe',
    trails: '40-7e 80-fe',
    patches: {
      a3a0: '\ue5e5',
      a6d9: '\ue78d\ue78e\ue78f\ue790\ue791\ue792\ue793',
      a6ec: '\ue794\ue795',
      a6f3: '\ue796',
      fe59: '\ue81e',
      fe61: '\ue826',
      fe66: '\ue82b\ue82c',
      fe6d: '\ue832',
      fe7e: '\ue843',
      fe90: '\ue854',
      fea0: '\ue864',
    },
    holes: '',
  },
};
