import CLibFuzzer
import Diagnostics
import Foundation

/// Hands the process to libFuzzer, which calls `body` with one input after another and ends the
/// process. A `Fault` is a good answer to any input; another error ends the process, as does
/// everything that traps.
package func fuzz(_ body: @escaping (UnsafeRawBufferPointer) throws -> Void) -> Never {
  Fuzzing.body = body
  var count = CommandLine.argc
  var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
  exit(LLVMFuzzerRunDriver(&count, &arguments) { Fuzzing.runOnce($0, $1) })
}

/// Hands the process to libFuzzer, which calls `body` with the path of a file with one input after
/// another.
package func fuzzFiles(_ body: @escaping (_ path: String) throws -> Void) -> Never {
  fuzz { input in
    InputFile.write(input)
    try body(InputFile.path)
  }
}

package func expectFaults(_ body: () throws -> Void) {
  do {
    try body()
  } catch let fault as Fault {
    // A fault must be able to say what is wrong.
    precondition(!fault.description.isEmpty)
  } catch {
    fatalError("an error that is no fault: \(error)")
  }
}

private enum Fuzzing {
  nonisolated(unsafe) static var body: (UnsafeRawBufferPointer) throws -> Void = { _ in }

  static func runOnce(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    expectFaults { try body(UnsafeRawBufferPointer(start: start, count: count)) }
    return 0
  }
}

/// libFuzzer's own `main`, which is linked and never called, wants to see this.
@_cdecl("LLVMFuzzerTestOneInput")
public func runOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  Fuzzing.runOnce(start, count)
}
