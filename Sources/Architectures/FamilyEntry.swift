import Diagnostics
import Documents
import Synchronization

/// A family of a catalogue, whose description is read when somebody asks for it.
final class FamilyEntry: Sendable {
  let outline: FamilyOutline
  private let description: Mutex<Description>

  private enum Description: Sendable {
    case text([UInt8])
    case family(Family)
  }

  init(_ family: Family) {
    outline = FamilyOutline(family)
    description = Mutex(.family(family))
  }

  /// - Throws: `invalid-document` or `invalid-family`, now or when the family is asked for.
  init(parsing text: [UInt8]) throws {
    if let outline = FamilyOutline(glancingOver: text) {
      self.outline = outline
      description = Mutex(.text(text))
    } else {
      let family = try Family(JSONReader(JSONValue(parsing: text)))
      outline = FamilyOutline(family)
      description = Mutex(.family(family))
    }
  }

  /// - Throws: `invalid-document` or `invalid-family` with a pointer into the description.
  func family() throws -> Family {
    try description.withLock { description in
      switch description {
      case .family(let family): return family
      case .text(let text):
        let family = try located(in: .init(file: outline.id)) {
          try Family(JSONReader(JSONValue(parsing: text)))
        }
        description = .family(family)
        return family
      }
    }
  }
}
