/// The opcodes of protocol 2 that Python's pickler writes for data, named as in Python's
/// `pickletools`.
enum PickleOpcode: UInt8 {
  case proto = 0x80
  case stop = 0x2E
  case mark = 0x28

  case none = 0x4E
  case newTrue = 0x88
  case newFalse = 0x89
  case binint = 0x4A
  case binint1 = 0x4B
  case binint2 = 0x4D
  case long1 = 0x8A
  case binfloat = 0x47
  case binunicode = 0x58
  /// Python 2's strings.
  case binstring = 0x54
  case shortBinstring = 0x55

  case emptyTuple = 0x29
  case tuple = 0x74
  case tuple1 = 0x85
  case tuple2 = 0x86
  case tuple3 = 0x87
  case emptyList = 0x5D
  case append = 0x61
  case appends = 0x65
  case emptyDict = 0x7D
  case setitem = 0x73
  case setitems = 0x75

  case binput = 0x71
  case longBinput = 0x72
  case binget = 0x68
  case longBinget = 0x6A

  case global = 0x63
  case reduce = 0x52
  case newobj = 0x81
  case build = 0x62
  case binpersid = 0x51

  var name: StaticString {
    switch self {
    case .proto: "PROTO"
    case .stop: "STOP"
    case .mark: "MARK"
    case .none: "NONE"
    case .newTrue: "NEWTRUE"
    case .newFalse: "NEWFALSE"
    case .binint: "BININT"
    case .binint1: "BININT1"
    case .binint2: "BININT2"
    case .long1: "LONG1"
    case .binfloat: "BINFLOAT"
    case .binunicode: "BINUNICODE"
    case .binstring: "BINSTRING"
    case .shortBinstring: "SHORT_BINSTRING"
    case .emptyTuple: "EMPTY_TUPLE"
    case .tuple: "TUPLE"
    case .tuple1: "TUPLE1"
    case .tuple2: "TUPLE2"
    case .tuple3: "TUPLE3"
    case .emptyList: "EMPTY_LIST"
    case .append: "APPEND"
    case .appends: "APPENDS"
    case .emptyDict: "EMPTY_DICT"
    case .setitem: "SETITEM"
    case .setitems: "SETITEMS"
    case .binput: "BINPUT"
    case .longBinput: "LONG_BINPUT"
    case .binget: "BINGET"
    case .longBinget: "LONG_BINGET"
    case .global: "GLOBAL"
    case .reduce: "REDUCE"
    case .newobj: "NEWOBJ"
    case .build: "BUILD"
    case .binpersid: "BINPERSID"
    }
  }

  /// Opcodes that exist and are refused: those of the text protocol, of later protocols, and those
  /// that protocol 2 needs only for objects and for tuples that contain themselves.
  static let refusedNames: [UInt8: StaticString] = [
    0x49: "INT", 0x4C: "LONG", 0x46: "FLOAT", 0x53: "STRING", 0x56: "UNICODE", 0x50: "PERSID",
    0x67: "GET", 0x70: "PUT", 0x6C: "LIST", 0x64: "DICT", 0x69: "INST", 0x6F: "OBJ", 0x30: "POP",
    0x31: "POP_MARK", 0x32: "DUP", 0x8B: "LONG4", 0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4",
    0x42: "BINBYTES", 0x43: "SHORT_BINBYTES", 0x8C: "SHORT_BINUNICODE", 0x8D: "BINUNICODE8",
    0x8E: "BINBYTES8", 0x8F: "EMPTY_SET", 0x90: "ADDITEMS", 0x91: "FROZENSET",
    0x92: "NEWOBJ_EX", 0x93: "STACK_GLOBAL", 0x94: "MEMOIZE", 0x95: "FRAME",
    0x96: "BYTEARRAY8", 0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
  ]

  /// INST and STACK_GLOBAL name what they would import.
  static let inst: UInt8 = 0x69
  static let stackGlobal: UInt8 = 0x93
}
