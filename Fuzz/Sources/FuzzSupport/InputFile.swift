import Foundation

/// The one file that every input is written to: it lies in memory and has no name, and is opened by
/// way of its descriptor.
enum InputFile {
  private static let descriptor: Int32 = {
    var path = Array("/dev/shm/inflate-ckpt-fuzz-XXXXXX".utf8CString)
    let descriptor = mkstemp(&path)
    guard descriptor >= 0, unlink(path) == 0 else { fatalError("cannot write to /dev/shm") }
    return descriptor
  }()

  static var path: String { "/proc/self/fd/\(descriptor)" }

  static func write(_ input: UnsafeRawBufferPointer) {
    guard ftruncate(descriptor, 0) == 0,
      input.isEmpty || pwrite(descriptor, input.baseAddress, input.count, 0) == input.count
    else { fatalError("cannot write to /dev/shm") }
  }
}
