import Documents
import FuzzSupport

// What is read is written and read again: it must be the same.
fuzz { input in
  let value = try JSONValue(parsing: Array(input))
  for layout in [JSONValue.Layout.compact, .indented] {
    let text = value.text(layout)
    guard let again = try? JSONValue(parsing: text) else {
      fatalError("what was written cannot be read: \(text)")
    }
    precondition(again == value && again.text(layout) == text, "another value was written")
  }
}
