"""Does the embedded journal and store keep its promises when processes die, disks fill and files tear?"""
